import { metrics } from '@temper/db/contracts'
import { describe, expect, it } from 'vitest'
import { aboutMetric, planCurves, selectColumns, tabulate } from './curves.ts'

const point = (name: string, step: number, value: number) => ({ stage: 'ppo', name, step, value })

describe('planCurves', () => {
  it('draws every metric that a stage can log on exactly one chart', () => {
    const names = Object.keys(metrics)
    const drawn = planCurves(names).flatMap((chart) => chart.names)
    expect(drawn.toSorted()).toEqual(names.toSorted())
  })

  it('draws the true taste and the learned reward of ppo on one chart, with an axis each', () => {
    const [chart] = planCurves(['objective/scores', 'objective/true_scores', 'objective/kl'])
    expect(chart).toMatchObject({ names: ['objective/true_scores', 'objective/scores'], split: true })
  })

  it('draws the learned reward alone where no taste is stated', () => {
    const alone = { title: 'Learned reward', names: ['objective/scores'], split: false }
    expect(planCurves(['objective/scores'])[0]).toMatchObject(alone)
  })

  it('leaves out what was not logged and adds what no chart names', () => {
    expect(planCurves(['loss', 'new_metric']).map((chart) => chart.names)).toEqual([['loss'], ['new_metric']])
  })

  it('shades from the lowest to the highest reward where both were logged', () => {
    expect(planCurves(['mean_reward', 'min_reward', 'max_reward'])[0]?.band).toEqual(['min_reward', 'max_reward'])
    expect(planCurves(['mean_reward', 'min_reward'])[0]?.band).toBeNull()
  })

  it('draws the scores by each reward on one chart, whatever they are called', () => {
    const logged = ['rewards/judge/mean', 'rewards/judge/std', 'rewards/length/mean', 'rewards/length/std', 'reward']
    const names = planCurves(logged).map((chart) => chart.names)
    expect(names).toEqual([
      ['reward'],
      ['rewards/judge/mean', 'rewards/length/mean'],
      ['rewards/judge/std', 'rewards/length/std'],
    ])
  })
})

describe('tabulate', () => {
  it('gives metrics common steps in order, with gaps', () => {
    const table = tabulate([point('b', 20, 2), point('a', 10, 1), point('a', 20, 3)])
    expect(table.steps).toEqual([10, 20])
    expect(Object.fromEntries(table.columns)).toEqual({ a: [1, 3], b: [null, 2] })
  })

  it('selects metrics without the steps that only others have', () => {
    const table = tabulate([point('a', 1, 1), point('b', 2, 2), point('b', 3, 3)])
    const selected = selectColumns(table, ['b', 'c'])
    expect(selected.steps).toEqual([2, 3])
    expect(Object.fromEntries(selected.columns)).toEqual({ b: [2, 3], c: [null, null] })
  })
})

describe('aboutMetric', () => {
  it('explains a known metric and which way is better', () => {
    expect(aboutMetric('val_loss')).toBe('Mean next-token loss on held-out text (lower is better)')
    expect(aboutMetric('rewards/judge/mean')).toBe('Mean score by one reward, before its weight')
    expect(aboutMetric('unknown')).toBe('')
  })
})
