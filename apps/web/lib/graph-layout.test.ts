import { describe, expect, it } from 'vitest'
import { layoutGraph } from './graph-layout.ts'

const pipeline = [
  { name: 'sft', inputs: [] },
  { name: 'preferences', inputs: ['sft'] },
  { name: 'reward', inputs: ['sft', 'preferences'] },
  { name: 'ppo', inputs: ['sft', 'reward'] },
  { name: 'dpo', inputs: ['sft', 'preferences'] },
  { name: 'evaluate', inputs: ['ppo', 'dpo', 'sft', 'reward'] },
]

describe('layoutGraph', () => {
  it('places every node after its inputs', () => {
    const { places, depths } = layoutGraph(pipeline)
    expect(Object.fromEntries([...places].map(([name, { depth }]) => [name, depth]))).toEqual({
      sft: 0,
      preferences: 1,
      reward: 2,
      dpo: 2,
      ppo: 3,
      evaluate: 4,
    })
    expect(depths).toBe(5)
  })

  it('gives nodes of one depth lanes of their own', () => {
    const { places, lanes } = layoutGraph(pipeline)
    expect(places.get('reward')?.lane).not.toBe(places.get('dpo')?.lane)
    expect(lanes).toBe(2)
  })

  it('keeps a chain on one line', () => {
    const { places } = layoutGraph(pipeline)
    expect(['sft', 'preferences', 'reward', 'ppo'].map((name) => places.get(name)?.lane)).toEqual([0, 0, 0, 0])
  })

  it('leaves out edges that a longer way implies', () => {
    const { edges } = layoutGraph(pipeline)
    expect(edges.map(({ from, to }) => `${from}>${to}`)).toEqual([
      'sft>preferences',
      'preferences>reward',
      'reward>ppo',
      'preferences>dpo',
      'ppo>evaluate',
      'dpo>evaluate',
    ])
  })

  it('draws nothing for no nodes and ignores inputs that are not there', () => {
    expect(layoutGraph([])).toMatchObject({ depths: 0, lanes: 0, edges: [] })
    expect(layoutGraph([{ name: 'a', inputs: ['gone'] }])).toMatchObject({ depths: 1, lanes: 1, edges: [] })
  })
})
