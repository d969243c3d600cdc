/** A metric in words: what it is, which way is better, and how to read its curve: what healthy looks like, else what to do. */
export interface MetricWords {
  better: 'higher' | 'lower' | 'none'
  about: string
  reading: string
  /** Set for a share of something, from 0 to 1. */
  share?: true
}

/** Every metric a stage logs. The names are the field's (TRL's). */
export const metrics = {
  loss: {
    better: 'lower',
    about: 'Training loss of the step',
    reading:
      'Falls fast at first, then slowly, with noise; dpo’s sigmoid loss starts at ln 2 = 0.693. A jump up asks for a lower learningRate or a warm-up, a flat line for a higher rate. In ppo it says little: watch scores and KL.',
  },
  val_loss: {
    better: 'lower',
    about: 'Mean next-token loss on held-out text',
    reading:
      'Should fall along with loss. Where it turns up while loss goes on falling, the model learns the data by heart: stop earlier or bring more text.',
  },
  perplexity: {
    better: 'lower',
    about: 'exp(loss): how many tokens the model hesitates between',
    reading: 'Falls from the size of the vocabulary; comparable only between models of one tokenizer.',
  },
  mean_token_accuracy: {
    better: 'higher',
    about: 'Share of trained tokens whose most likely guess is right',
    share: true,
    reading: 'Rises and flattens well below 100 %. Close to 100 % on training data means learned by heart.',
  },
  entropy: {
    better: 'none',
    about: 'Mean entropy of the next-token distribution, nats',
    reading:
      'Falls slowly as the model grows sure of itself. Near 0 it has collapsed onto one answer: lower the learning rate or train for less.',
  },
  grad_norm: {
    better: 'none',
    about: 'Norm of all gradients before clipping',
    reading:
      'Steady, with single spikes that clipping takes off. Always far above maxGradNorm, or growing, asks for a lower learningRate.',
  },
  loss_scale: {
    better: 'none',
    about: 'In fp16: what the loss of the next step is multiplied by',
    reading:
      'Doubles while all goes well and halves when a step overflows. One that only falls, towards 1, means that gradients overflow whatever the scale: lower learningRate or use bf16.',
  },
  skipped_steps: {
    better: 'lower',
    about: 'In fp16: steps of the stage that overflowed and were not applied',
    reading:
      'A few at the start, while the scale is found. A count that goes on rising wastes steps: lower learningRate or use bf16.',
  },
  learning_rate: {
    better: 'none',
    about: 'Learning rate of the step',
    reading:
      'Follows the schedule of the recipe: up over the warm-up, then down. It goes on where it was after a resume.',
  },
  num_tokens: {
    better: 'none',
    about: 'Tokens seen since the stage began',
    reading: 'Rises evenly; a kink means rows of other lengths.',
  },
  router_aux_loss: {
    better: 'lower',
    about: 'Balancing loss of the routers; experts a token where they are even',
    reading: 'Falls to the number of experts a token and stays. Where it rises, raise routerAuxLossCoef.',
  },
  max_expert_load: {
    better: 'none',
    about: 'Tokens of the busiest expert over an even share',
    reading: 'Near 1 is even; above 2 a few experts do the work: raise routerAuxLossCoef.',
  },
  min_expert_load: {
    better: 'none',
    about: 'Tokens of the idlest expert over an even share',
    reading: 'Near 1 is even; near 0 an expert learns nothing.',
  },
  tokens_per_second: {
    better: 'higher',
    about: 'Real tokens trained a second',
    reading:
      'Steady after the first steps, in which functions are built. A lasting drop means that something else uses the device.',
  },
  mfu: {
    better: 'higher',
    about: 'Share of the speed of large matrix products on this device that the model’s arithmetic reaches (MFU)',
    share: true,
    reading:
      'Steady, though a new worker process measures the device again. It counts 6 operations a parameter and real token (4 with adapters), of experts only those that the token is sent to: padding, short rows and small models lower it. Raise batchSize or pack.',
  },
  accuracy: {
    better: 'higher',
    about: 'Share of decided pairs whose chosen answer scores higher',
    share: true,
    reading:
      'Rises from 50 % to between 65 and 90 %, as far as people agree with each other. 100 % means that the pairs are learned by heart.',
  },
  margin: {
    better: 'higher',
    about: 'Mean reward of chosen minus rejected, over decided pairs',
    reading: 'Rises from 0. One that grows on after accuracy is flat only makes the model surer: fewer epochs will do.',
  },
  mean_reward: {
    better: 'none',
    about: 'Mean reward of both answers',
    reading: 'Only differences count, so any level is right. Where it drifts far off, set centerRewardsCoefficient.',
  },
  min_reward: {
    better: 'none',
    about: 'Lowest reward of the batch',
    reading: 'The lower edge of the band. A few far outliers are worth a look in the data.',
  },
  max_reward: {
    better: 'none',
    about: 'Highest reward of the batch',
    reading: 'The upper edge of the band; the band widens as the model learns to tell answers apart.',
  },
  eval_loss: {
    better: 'lower',
    about: 'Loss on held-out pairs',
    reading: 'Should fall along with loss; where it turns up, the pairs are learned by heart: fewer epochs.',
  },
  eval_accuracy: {
    better: 'higher',
    about: 'Accuracy on held-out pairs, ties left out',
    reading:
      'The number to trust. Far below the accuracy in training it means overfitting; near 50 % that nothing was learned.',
  },
  eval_margin: {
    better: 'higher',
    about: 'Margin on held-out pairs',
    reading: 'Should rise along with the margin in training; where only that one rises, stop earlier.',
  },
  'rewards/chosen': {
    better: 'none',
    about: 'beta × (log-prob of chosen under policy − reference)',
    reading:
      'Starts at 0 and often falls; that is usual as long as rejected falls faster. A steep fall asks for a lower rate or more beta.',
  },
  'rewards/rejected': {
    better: 'none',
    about: 'beta × (log-prob of rejected under policy − reference)',
    reading: 'Starts at 0 and falls, faster than chosen.',
  },
  'rewards/margins': {
    better: 'higher',
    about: 'Implicit reward of chosen minus rejected, over decided pairs',
    reading:
      'Rises from 0. Without end it means drift from the reference: answers get worse though the margin grows; set targetMargin.',
  },
  'rewards/accuracies': {
    better: 'higher',
    about: 'Share of decided pairs with a positive implicit margin',
    share: true,
    reading:
      'Rises from 0 at the first step (there are no margins yet) past 50 %. Near 100 % in training with held-out pairs below: fewer epochs.',
  },
  'logps/chosen': {
    better: 'none',
    about: 'Summed log-prob of chosen',
    reading:
      'Usually falls too in DPO: what counts is the distance to rejected. Where answers turn odd while it falls, use a lower rate or more beta.',
  },
  'logps/rejected': {
    better: 'none',
    about: 'Summed log-prob of rejected',
    reading: 'Falls, and faster than chosen.',
  },
  nll_loss: {
    better: 'lower',
    about: 'Mean negative log-prob a token of chosen answers, where fine-tuning is part',
    reading:
      'Falls or stays level: it holds the policy to the chosen answers. Where it rises, the preference part outweighs it: raise sftWeight or lower the rate.',
  },
  kl: {
    better: 'none',
    about: 'Mean KL of policy to reference a token (grpo: k3, rloo: k1); by kto, mean log-ratio of mismatched answers',
    reading:
      'Starts at 0 and stays small. A steep rise means that the policy leaves the reference: more beta or a lower rate.',
  },
  'objective/kl': {
    better: 'none',
    about: 'Mean summed KL of policy to reference a completion (k1)',
    reading:
      'Starts at 0 and rises slowly. A leap asks for more klCoef or a lower rate; a lasting negative one means that sampling and scoring differ, which is a defect.',
  },
  'objective/kl_coef': {
    better: 'none',
    about: 'Weight of the KL penalty in the iteration',
    reading:
      'Constant, or with adaptiveKl it settles once objective/kl is near its target. One that goes on rising is not enough to hold the policy: lower learningRate or raise the target.',
  },
  'objective/entropy': {
    better: 'none',
    about: 'Mean summed negative log-prob a completion',
    reading:
      'Falls slowly, and moves with the length. A collapse towards 0 means that every prompt gets the same answer: more klCoef or a lower rate.',
  },
  'objective/scores': {
    better: 'higher',
    about: 'Mean of what the rewards add up to, after normalisation, clip and missing-EOS penalty',
    reading:
      'Rises; by one reward model it starts at about 0, and far above what that model saw in its data (3 or more) it is likely exploited: read the samples.',
  },
  'objective/non_score_reward': {
    better: 'none',
    about: 'Mean summed KL penalty; at most 0 on average',
    reading: 'The price of the distance: falls as KL rises. Above 0 for long means that the KL is negative.',
  },
  'objective/rlhf_reward': {
    better: 'higher',
    about: 'scores + non_score_reward',
    reading: 'What is really maximised: should rise. Where scores rise and this falls, the KL costs more than it wins.',
  },
  'objective/true_scores': {
    better: 'higher',
    about: 'Mean score of the stated taste, where a recipe states one',
    reading:
      'Should rise with the learned reward. Where that one rises alone, the policy exploits the reward model: stop before.',
  },
  'policy/approxkl_avg': {
    better: 'none',
    about: 'Mean ½(new − old log-prob)² over the updates',
    reading: 'About 0.001 to 0.05 in an iteration. More is too large a step: lower learningRate or ppoEpochs.',
  },
  'policy/clipfrac_avg': {
    better: 'none',
    about: 'Share of tokens whose ratio was clipped',
    share: true,
    reading: 'A few to 20 %. Always 0: the steps could be larger; above 30 %: lower learningRate or ppoEpochs.',
  },
  'loss/policy_avg': {
    better: 'none',
    about: 'Mean clipped policy loss',
    reading: 'Small and below or about 0; it shows no progress, since advantages are centred anew each iteration.',
  },
  'loss/value_avg': {
    better: 'lower',
    about: 'Mean clipped value loss',
    reading: 'Falls, and may rise again while scores rise. One that explodes asks for a lower rate or whitenRewards.',
  },
  'val/clipfrac_avg': {
    better: 'none',
    about: 'Share of tokens whose value was clipped',
    share: true,
    reading: 'High at first, then below 20 %. Always high: rewards move faster than valueClipRange lets values follow.',
  },
  'val/ratio': {
    better: 'none',
    about: 'Mean probability ratio new to old',
    reading:
      'Stays within a few hundredths of 1. Away from 1 the samples no longer tell about this policy: smaller steps, fewer ppoEpochs.',
  },
  'val/ratio_var': {
    better: 'none',
    about: 'Variance of the ratio over the updates',
    reading: 'Near 0. Growing means that single updates move the policy far: lower learningRate.',
  },
  'val/num_eos_tokens': {
    better: 'higher',
    about: 'Completions that ended with a stop token',
    reading: 'Near the number of episodes. Falling means answers without an end: raise missingEosPenalty or maxTokens.',
  },
  'val/explained_variance': {
    better: 'higher',
    about: '1 − var(returns − values) / var(returns)',
    reading:
      'Rises towards 1 as the value model learns. Below 0 it is worse than a constant: raise vfCoef or begin from the reward model.',
  },
  reward: {
    better: 'higher',
    about: 'Mean of what the rewards add up to, less penalties, over completions',
    reading:
      'Rises, with noise of few prompts. Flat with frac_reward_zero_std high: groups have nothing to compare; a leap while samples get worse: a reward is exploited.',
  },
  reward_std: {
    better: 'none',
    about: 'Deviation of the reward within a group, mean over groups',
    reading:
      'Well above 0: differences within groups are all there is to learn from. Where it falls towards 0, answers have become alike: raise the temperature or beta.',
  },
  frac_reward_zero_std: {
    better: 'lower',
    about: 'Share of groups whose rewards are all equal and teach nothing',
    share: true,
    reading:
      'Near 0. Where it is high, prompts are too easy or too hard, or the reward too coarse: change prompts, raise groupSize or the temperature.',
  },
  clip_ratio: {
    better: 'none',
    about: 'Share of tokens (rloo: completions) whose ratio was clipped',
    share: true,
    reading:
      '0 with one update an iteration, a few % with several. Above 20 % the updates go too far: lower learningRate or updateEpochs.',
  },
  'rewards/*/mean': {
    better: 'none',
    about: 'Mean score by one reward, before its weight',
    reading:
      'Rises where its weight is positive. One that falls while the sum rises is traded for the others: raise its weight.',
  },
  'rewards/*/std': {
    better: 'none',
    about: 'Deviation of the scores by one reward',
    reading:
      'Above 0, and next to its weight it says how much this reward moves the sum. At 0 it tells completions apart no more.',
  },
  'sampling/logp_difference': {
    better: 'lower',
    about: 'Largest distance of sampler’s and trainer’s log-prob of a token: rounding, else they differ',
    reading:
      'About 1e-5 in fp32, up to some hundredths in bf16 or fp16. More means that what is trained is not what was sampled, which is a defect.',
  },
  'completions/mean_length': {
    better: 'none',
    about: 'Mean completion length, tokens',
    reading: 'May move, but a steady climb to maxTokens means that the reward likes length rather than content.',
  },
  'completions/min_length': {
    better: 'none',
    about: 'Shortest completion, tokens',
    reading: 'May move. At 1 for long, some prompts get empty answers: read the samples.',
  },
  'completions/max_length': {
    better: 'none',
    about: 'Longest completion, tokens',
    reading: 'At most maxTokens. Always there: see completions/clipped_ratio.',
  },
  'completions/clipped_ratio': {
    better: 'lower',
    about: 'Share of completions that the length limit cut',
    share: true,
    reading: 'Low or falling. Rising means answers without an end: raise missingEosPenalty or maxTokens.',
  },
  'timing/generate': {
    better: 'lower',
    about: 'Seconds spent on rollouts',
    reading: 'The first iteration also builds its functions; later ones follow the length of answers.',
  },
  'timing/score': {
    better: 'lower',
    about: 'Seconds spent on scores, values and log-probs',
    reading: 'Steady after the first iteration.',
  },
  'timing/update': {
    better: 'lower',
    about: 'Seconds spent on updates',
    reading: 'Steady after the first iteration; grows with ppoEpochs.',
  },
} as const satisfies Record<string, MetricWords>

export type MetricName = keyof typeof metrics

/** Those of a reward are listed with `*` for its name. Undefined for a name that no stage logs. */
export function wordsOfMetric(name: string): MetricWords | undefined {
  const known: Partial<Record<string, MetricWords>> = metrics
  return known[name] ?? known[name.replace(/^rewards\/[^/]+\//, 'rewards/*/')]
}

/** Whether a metric depends on how fast the machine is, so that no two runs agree on it. */
export function isTimed(name: string): boolean {
  return /^timing\/|_per_second$|^mfu$/.test(name)
}
