"""Compiled kernel of the draw: one list after the other, place by place. `choice` says what it does and checks it."""

from typing import NamedTuple

import numpy as np
from numba import njit

EPSILON_GREEDY, SOFTMAX = 0, 1
SMALLEST = 1e-200  # weight of a pool below which it is too inexact, and its inverse above which it is
GONE = -1  # in place of how far beyond its caps a candidate is: its work is in the list, or it never was a candidate


class Sharing(NamedTuple):
    """Which candidates of a listener have a work, an album or an artist in common, and how many places of the list it
    has: each candidate's part in one is a link, and links make a chain from the last candidate to the one before.

    places : int64 (n_shared,); last : int64 (n_shared,), the first link of each chain, -1: none
    before : int64 (n_candidates * n_parts,), the next link of each
    """

    places: np.ndarray
    last: np.ndarray
    before: np.ndarray


@njit(cache=True, nogil=True)
def walk(
    log_odds, works, credits, albums, fresh, clusters, quotas, complete, complete_fresh, explores,
    uniforms, values, effects, replay, length, method, epsilon, temperature, explore_tracks, most_explored,
    max_per_artist, max_per_album, new_releases, candidate, kind, propensity, explored, expected,
):  # fmt: skip
    """Fill the last five arguments, (n_listeners, length); places that they have already stay as they are.

    The arguments up to `explores` are those of `choice.Actions`, works and albums with a last axis as credits have it;
    `new_releases` is the number of them in a list. In a replay nothing is drawn and a list ends where it ends: the
    propensity and `explored` of the places that are there become those of this policy, `expected` the mean of
    σ(values + effects of the place) over its choices.
    """
    n, n_candidates, n_kinds = log_odds.shape
    places_of_cluster, due = np.zeros(quotas.shape[1], np.int64), np.empty(quotas.shape[1], np.bool_)
    best, best_kind = np.empty(n_candidates), np.empty(n_candidates, np.int64)
    beyond, allowed = np.empty(n_candidates, np.int64), np.empty(n_candidates, np.int64)
    weights, of_candidate = np.empty((n_candidates, n_kinds)), np.empty(n_candidates)
    everything = np.arange(n_candidates)
    by_work, by_album, by_artist = _nothing_shared(works), _nothing_shared(albums), _nothing_shared(credits)

    for row in range(n):
        its_works, its_credits, its_albums = works[row], credits[row], albums[row]
        its_fresh, its_clusters = fresh[row], clusters[row]
        _best_reasons(log_odds[row], best, best_kind)
        order = np.argsort(-best, kind="mergesort")[: np.sum(best > -np.inf)]  # of equals, the first one is better
        explorable = np.sort(order[:explore_tracks])
        _weigh(log_odds[row], best, best.max(), method, temperature, weights, of_candidate)
        beyond[:] = GONE
        beyond[order] = 0
        _link(order, its_works, by_work)
        _link(order, its_albums, by_album)
        _link(order, its_credits, by_artist)
        new, spent = 0, 0
        places_of_cluster[:] = 0
        for place in range(length):
            there = candidate[row, place] >= 0
            if replay and not there:
                break
            for cluster in range(len(due)):
                due[cluster] = places_of_cluster[cluster] < quotas[row, cluster] * (place + 1) // length
            behind = new < new_releases * (place + 1) // length
            rules = _rules(order, beyond, its_fresh, behind, its_clusters, due, complete[row], complete_fresh[row])
            at, most, only_fresh, only_due = rules
            if at < 0 and not there:
                break
            top = order[at] if at >= 0 else -1
            share, total, pool = 0.0, 0.0, allowed[:0]  # what exploration draws from, and its weight
            if explores[row] and spent < most_explored:
                share = epsilon if method == EPSILON_GREEDY else 1.0
            if share > 0 and top >= 0:
                among = explorable if at < len(explorable) else everything
                n_allowed = _allow(among, beyond, most, its_fresh, only_fresh, its_clusters, due, only_due, allowed)
                pool = allowed[:n_allowed]
                total = of_candidate[pool].sum()
                if not SMALLEST < total < 1 / SMALLEST:  # far from what was best when it was weighed: anew from here
                    _weigh(log_odds[row], best, best[top], method, temperature, weights, of_candidate)
                    total = of_candidate[pool].sum()
            if there:
                c, k = candidate[row, place], kind[row, place]
            else:
                c, k = top, best_kind[top]
                if share > 0 and (method == SOFTMAX or uniforms[row, place, 0] < epsilon):
                    c, k = _pick(weights, of_candidate, pool, uniforms[row, place, 1] * total, c, k)
                candidate[row, place], kind[row, place] = c, k
            is_best = top >= 0 and c == top and k == best_kind[top]
            if replay or not there:
                propensity[row, place] = (1 - share) * is_best
                if c in pool:
                    propensity[row, place] += share * weights[c, k] / total
                explored[row, place] = not is_best
            if replay and top >= 0:
                expected[row, place] = (1 - share) * _sigmoid(values[row, top, best_kind[top]] + effects[place])
                for other in pool:
                    for reason in range(n_kinds):
                        if weights[other, reason] > 0:
                            expected[row, place] += share * weights[other, reason] / total * _sigmoid(
                                values[row, other, reason] + effects[place]
                            )  # fmt: skip
            spent += explored[row, place]
            new += its_fresh[c]
            if its_clusters[c] >= 0:
                places_of_cluster[its_clusters[c]] += 1
            _take(c, its_works, by_work, 0, beyond)
            _take(c, its_albums, by_album, max_per_album, beyond)
            _take(c, its_credits, by_artist, max_per_artist, beyond)
        _unlink(its_works, by_work)
        _unlink(its_albums, by_album)
        _unlink(its_credits, by_artist)


@njit(cache=True, nogil=True)
def _nothing_shared(parts):
    """Without links. parts : int64 (n_listeners, n_candidates, n_parts), what each candidate has a part in; -1: no
    more"""
    n_shared = parts.max() + 1
    return Sharing(np.zeros(n_shared, np.int64), np.full(n_shared, -1), np.empty(parts[0].size, np.int64))


@njit(cache=True, nogil=True)
def _link(order, parts, sharing):
    """Link some candidates with what they have a part in, int64 (n_candidates, n_parts)."""
    for c in order:
        for m in range(parts.shape[1]):
            if parts[c, m] >= 0:
                link = c * parts.shape[1] + m
                sharing.before[link], sharing.last[parts[c, m]] = sharing.last[parts[c, m]], link


@njit(cache=True, nogil=True)
def _take(c, parts, sharing, cap, beyond):
    """Give a place to a candidate: say how far beyond the cap all those are that share something with it; where the
    cap is 0 they are gone."""
    for m in range(parts.shape[1]):
        if parts[c, m] >= 0:
            sharing.places[parts[c, m]] += 1
            over, link = sharing.places[parts[c, m]] + 1 - cap, sharing.last[parts[c, m]]
            while link >= 0:
                other = link // parts.shape[1]
                if cap == 0:
                    beyond[other] = GONE
                elif beyond[other] != GONE:
                    beyond[other] = max(beyond[other], over)
                link = sharing.before[link]


@njit(cache=True, nogil=True)
def _unlink(parts, sharing):
    """Forget links and places of a listener."""
    for c in range(len(parts)):
        for m in range(parts.shape[1]):
            if parts[c, m] >= 0:
                sharing.last[parts[c, m]], sharing.places[parts[c, m]] = -1, 0


@njit(cache=True, nogil=True)
def _best_reasons(log_odds, best, best_kind):
    """The best reason of each candidate; of equals, the first one."""
    for c in range(log_odds.shape[0]):
        best[c], best_kind[c] = log_odds[c, 0], 0
        for k in range(1, log_odds.shape[1]):
            if log_odds[c, k] > best[c]:
                best[c], best_kind[c] = log_odds[c, k], k


@njit(cache=True, nogil=True)
def _rules(order, beyond, fresh, behind, clusters, due, complete, complete_fresh):
    """What holds at a place, where the list is `behind` its new releases, or some clusters are `due`: where in `order`
    the best candidate stands that is allowed, -1: none; how far beyond its caps a candidate may be; whether only new
    releases, only those of due clusters are allowed."""
    most, any_due = 0, due.any()
    if complete:
        most = np.iinfo(np.int64).max
        for c in order:
            if beyond[c] != GONE:
                most = min(most, beyond[c])
    first, first_due, first_fresh, first_fresh_due = -1, -1, -1, -1
    for at in range(len(order)):
        c = order[at]
        if beyond[c] == GONE or beyond[c] > most:
            continue
        is_due = any_due and clusters[c] >= 0 and due[clusters[c]]
        if first < 0:
            first = at
        if is_due and first_due < 0:
            first_due = at
        if fresh[c]:
            if first_fresh < 0:
                first_fresh = at
            if is_due and first_fresh_due < 0:
                first_fresh_due = at
        if (not behind or fresh[c]) and (not any_due or is_due):
            break
    if behind and first_fresh >= 0:
        return (first_fresh_due if first_fresh_due >= 0 else first_fresh), most, True, first_fresh_due >= 0
    if behind and not complete_fresh:
        return -1, most, True, False
    return (first_due if first_due >= 0 else first), most, False, first_due >= 0


@njit(cache=True, nogil=True)
def _allow(among, beyond, most, fresh, only_fresh, clusters, due, only_due, allowed):
    """Write those of some candidates that the rules leave for a place into `allowed`, in their order; returns how many.
    The arguments are as in and from `_rules`."""
    n = 0
    for c in among:
        if (
            beyond[c] != GONE
            and beyond[c] <= most
            and (fresh[c] or not only_fresh)
            and (not only_due or (clusters[c] >= 0 and due[clusters[c]]))
        ):
            allowed[n] = c
            n += 1
    return n


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
def _pick(weights, of_candidate, pool, left, last_c, last_k):
    """The action of the pool that a number in [0, weight of the pool) falls on; the last one where rounding leaves
    something over."""
    for c in pool:
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
