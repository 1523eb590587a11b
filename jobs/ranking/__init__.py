"""The ranker: learns from what listeners did with earlier lists, then writes each listener thirty tracks with reasons.

The method is that of McInerney et al., "Explore, Exploit, and Explain: Personalizing Explainable Recommendations with
Bandits" (RecSys 2018): an action is a track together with the reason shown for it, a reward model predicts the chance
of a stream of at least 30 seconds, an ε-greedy policy with logged propensities chooses, and the model is trained on the
logged choices with inverse-propensity weights. The steps are `outcomes`, `learn` and `rank`, in this order.
"""
