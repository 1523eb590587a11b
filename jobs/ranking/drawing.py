"""Compiled kernel of the draw: one list after the other, place by place. `choice` says what it does and checks it."""

import numpy as np
from numba import njit

EPSILON_GREEDY, SOFTMAX = 0, 1
SMALLEST = 1e-200  # weight of a pool below which it is too inexact


@njit(cache=True, nogil=True)
def walk(
    log_odds, works, credits, albums, fresh, clusters, quotas, complete, complete_fresh, explores,
    uniforms, values, effects, replay, length, method, epsilon, temperature, explore_tracks, most_explored,
    max_per_artist, max_per_album, new_releases, candidate, kind, propensity, explored, expected,
):  # fmt: skip
    """Fill the last five arguments, (n_listeners, length); places that they have already stay as they are.

    The arguments up to `explores` are those of `choice.Actions`; `new_releases` is the number of them in a list. In a
    replay nothing is drawn and a list ends where it ends: the propensity and `explored` of the places that are there
    become those of this policy, `expected` the mean of σ(values + effects of the place) over its choices.
    """
    n, n_candidates, n_kinds = log_odds.shape
    n_works, n_artists = works.max() + 2, credits.max() + 2
    work_taken, places_of_artist = np.zeros(n_works, np.bool_), np.zeros(n_artists, np.int64)
    places_of_album = np.zeros(albums.max() + 2, np.int64)
    places_of_cluster = np.zeros(quotas.shape[1], np.int64)
    best, best_kind = np.empty(n_candidates), np.empty(n_candidates, np.int64)
    allowed, explorable = np.empty(n_candidates, np.bool_), np.empty(n_candidates, np.bool_)
    weights, of_candidate = np.empty((n_candidates, n_kinds)), np.empty(n_candidates)

    for row in range(n):
        _best_reasons(log_odds[row], best, best_kind)
        _mark_top(best, explore_tracks, explorable)
        _weigh(log_odds[row], best, best.max(), method, temperature, weights, of_candidate)
        new, spent = 0, 0
        places_of_cluster[:] = 0
        for place in range(length):
            there = candidate[row, place] >= 0
            if replay and not there:
                break
            n_allowed = _allow(
                best, works[row], credits[row], albums[row], fresh[row], clusters[row], quotas[row], complete[row],
                complete_fresh[row], work_taken, places_of_artist, places_of_album, places_of_cluster,
                max_per_artist, max_per_album, new < new_releases * (place + 1) // length, place, length, allowed,
            )  # fmt: skip
            if n_allowed == 0 and not there:
                break
            top = -1
            for c in range(n_candidates):
                if allowed[c] and (top < 0 or best[c] > best[top]):
                    top = c
            # The pool that exploration draws from, and its weight. The best one is the first to be explorable.
            any_explorable, total = top >= 0 and explorable[top], 0.0
            for c in range(n_candidates):
                if allowed[c] and (explorable[c] or not any_explorable):
                    total += of_candidate[c]
            if n_allowed > 0 and total < SMALLEST:  # far below the best that there was: weighed anew from here
                total = _weigh_allowed(
                    log_odds[row], best, best[top], allowed, explorable, any_explorable, method, temperature,
                    weights, of_candidate,
                )  # fmt: skip
            share = 0.0
            if explores[row] and spent < most_explored:
                share = epsilon if method == EPSILON_GREEDY else 1.0
            if there:
                c, k = candidate[row, place], kind[row, place]
            else:
                c, k = top, best_kind[top]
                if share > 0 and (method == SOFTMAX or uniforms[row, place, 0] < epsilon):
                    c, k = _pick(
                        weights,
                        of_candidate,
                        allowed,
                        explorable,
                        any_explorable,
                        uniforms[row, place, 1] * total,
                        c,
                        k,
                    )
                candidate[row, place], kind[row, place] = c, k
            is_best = top >= 0 and c == top and k == best_kind[top]
            if replay or not there:
                in_pool = allowed[c] and (explorable[c] or not any_explorable)
                propensity[row, place] = (1 - share) * is_best
                if in_pool and share > 0:
                    propensity[row, place] += share * weights[c, k] / total
                explored[row, place] = not is_best
            if replay and top >= 0:
                expected[row, place] = (1 - share) * _sigmoid(values[row, top, best_kind[top]] + effects[place])
                if share > 0:
                    for other in range(n_candidates):
                        if allowed[other] and (explorable[other] or not any_explorable):
                            for reason in range(n_kinds):
                                if weights[other, reason] > 0:
                                    expected[row, place] += share * weights[other, reason] / total * _sigmoid(
                                        values[row, other, reason] + effects[place]
                                    )  # fmt: skip
            spent += explored[row, place]
            new += fresh[row, c]
            work_taken[works[row, c]] = True
            for m in range(credits.shape[2]):
                if credits[row, c, m] >= 0:
                    places_of_artist[credits[row, c, m]] += 1
            if albums[row, c] >= 0:
                places_of_album[albums[row, c]] += 1
            if clusters[row, c] >= 0:
                places_of_cluster[clusters[row, c]] += 1
        for place in range(length):
            if candidate[row, place] >= 0:
                c = candidate[row, place]
                work_taken[works[row, c]] = False
                for m in range(credits.shape[2]):
                    if credits[row, c, m] >= 0:
                        places_of_artist[credits[row, c, m]] = 0
                if albums[row, c] >= 0:
                    places_of_album[albums[row, c]] = 0


@njit(cache=True, nogil=True)
def _best_reasons(log_odds, best, best_kind):
    """The best reason of each candidate; of equals, the first one."""
    for c in range(log_odds.shape[0]):
        best[c], best_kind[c] = log_odds[c, 0], 0
        for k in range(1, log_odds.shape[1]):
            if log_odds[c, k] > best[c]:
                best[c], best_kind[c] = log_odds[c, k], k


@njit(cache=True, nogil=True)
def _mark_top(best, n, explorable):
    """Mark the `n` best candidates; of equals, the first ones."""
    order = np.argsort(-best, kind="mergesort")
    explorable[:] = False
    for at in range(min(n, len(order))):
        explorable[order[at]] = best[order[at]] > -np.inf


@njit(cache=True, nogil=True)
def _allow(
    best, works, credits, albums, fresh, clusters, quotas, complete, complete_fresh, work_taken, places_of_artist,
    places_of_album, places_of_cluster, max_per_artist, max_per_album, behind, place, length, allowed,
):  # fmt: skip
    """Mark what the rules leave for a place; returns how many candidates."""
    least = np.iinfo(np.int64).max
    beyond = np.zeros(len(best), np.int64)  # places that an artist or the album would have above its cap; 0: within
    for c in range(len(best)):
        allowed[c] = best[c] > -np.inf and not work_taken[works[c]]
        if allowed[c]:
            for m in range(credits.shape[1]):
                if credits[c, m] >= 0:
                    beyond[c] = max(beyond[c], places_of_artist[credits[c, m]] + 1 - max_per_artist)
            if albums[c] >= 0:
                beyond[c] = max(beyond[c], places_of_album[albums[c]] + 1 - max_per_album)
            least = min(least, beyond[c])
    most = least if complete else 0
    any_fresh = False
    for c in range(len(best)):
        allowed[c] = allowed[c] and beyond[c] <= most
        any_fresh = any_fresh or (allowed[c] and fresh[c])
    if behind and not any_fresh and not complete_fresh:
        allowed[:] = False
        return 0
    any_due = False
    for c in range(len(best)):
        allowed[c] = allowed[c] and (fresh[c] or not (behind and any_fresh))
        any_due = any_due or (allowed[c] and _due(clusters[c], quotas, places_of_cluster, place, length))
    n_allowed = 0
    for c in range(len(best)):
        if any_due:
            allowed[c] = allowed[c] and _due(clusters[c], quotas, places_of_cluster, place, length)
        n_allowed += allowed[c]
    return n_allowed


@njit(cache=True, nogil=True)
def _due(cluster, quotas, places_of_cluster, place, length):
    """Whether a cluster of taste has fewer places than it should have by now."""
    return cluster >= 0 and places_of_cluster[cluster] < quotas[cluster] * (place + 1) // length


@njit(cache=True, nogil=True)
def _weigh(log_odds, best, reference, method, temperature, weights, of_candidate):
    """What exploration draws in proportion to: for each action, and summed for each candidate. 0: no action."""
    for c in range(len(best)):
        of_candidate[c] = 0.0
        for k in range(log_odds.shape[1]):
            weights[c, k] = 0.0
            if log_odds[c, k] > -np.inf:
                weights[c, k] = np.exp((log_odds[c, k] - reference) / temperature) if method == SOFTMAX else 1.0
            of_candidate[c] += weights[c, k]


@njit(cache=True, nogil=True)
def _weigh_allowed(
    log_odds, best, reference, allowed, explorable, any_explorable, method, temperature, weights, of_candidate
):  # fmt: skip
    """`_weigh` with another reference; returns the weight of the pool. What is not allowed has weight 0 from now on
    where its weight would not be finite: it is above the best that is allowed, so it never will be again."""
    _weigh(log_odds, best, reference, method, temperature, weights, of_candidate)
    total = 0.0
    for c in range(len(best)):
        if allowed[c] and (explorable[c] or not any_explorable):
            total += of_candidate[c]
    return total


@njit(cache=True, nogil=True)
def _pick(weights, of_candidate, allowed, explorable, any_explorable, left, last_c, last_k):
    """The action of the pool that a number in [0, weight of the pool) falls on; the last one where rounding leaves
    something over."""
    for c in range(len(of_candidate)):
        if allowed[c] and (explorable[c] or not any_explorable):
            if left >= of_candidate[c]:
                left -= of_candidate[c]
                continue
            for k in range(weights.shape[1]):
                if weights[c, k] > 0:
                    last_c, last_k = c, k
                    left -= weights[c, k]
                    if left < 0:
                        return c, k
    return last_c, last_k


@njit(cache=True, nogil=True)
def _sigmoid(value):
    return 1 / (1 + np.exp(-value))
