import { describe, expect, it } from 'vitest'
import { parseOptions, usage } from './options.ts'

describe('options of a benchmark', () => {
  it('default to the small model in fp32', () => {
    expect(parseOptions(['sft'])).toEqual({
      work: 'sft',
      model: 'small',
      precision: 'fp32',
      steps: 6,
      rounds: 3,
      peer: undefined,
      svg: undefined,
      lengths: undefined,
      profile: false,
      json: false,
    })
  })

  it('take a peer and its rounds', () => {
    const args = [
      'dpo',
      '--model',
      'gpt2',
      '--precision',
      'bf16',
      '--peer',
      'python peer.py',
      '--rounds',
      '5',
      '--json',
    ]
    expect(parseOptions(args)).toMatchObject({
      work: 'dpo',
      model: 'gpt2',
      precision: 'bf16',
      peer: 'python peer.py',
      rounds: 5,
      json: true,
    })
  })

  it('take a file for the drawing of decoding, which runs three times', () => {
    expect(parseOptions(['decoding', '--svg', 'decoding.svg'])).toMatchObject({
      work: 'decoding',
      steps: 3,
      svg: 'decoding.svg',
    })
  })

  it('take the lengths of real dialogues, and a file for the drawing of memory', () => {
    expect(parseOptions(['sft_real', '--lengths', 'hh.json'])).toMatchObject({ work: 'sft_real', lengths: 'hh.json' })
    expect(parseOptions(['memory', '--svg', 'memory.svg'])).toMatchObject({ work: 'memory', svg: 'memory.svg' })
  })

  it('ask for help', () => {
    expect(parseOptions(['--help'])).toBe('help')
    expect(usage).toContain('episodes_per_s')
  })

  it.each([
    [
      ['pretrain'],
      'there is no work pretrain; one of sft, reward, dpo, generate, ppo, sft_real, dpo_real, decoding, memory',
    ],
    [[], 'one WORK expected, got 0; one of sft, reward, dpo, generate, ppo, sft_real, dpo_real, decoding, memory'],
    [['sft', '--model', 'llama'], 'there is no model llama; one of small, gpt2, smollm'],
    [['sft', '--precision', 'fp16'], 'there is no precision fp16; one of fp32, bf16'],
    [['sft', '--precision', 'int8'], 'there is no precision int8; one of fp32, bf16'],
    [['decoding', '--precision', 'fp16'], 'there is no precision fp16; one of fp32, bf16, int8'],
    [['sft', '--steps', '0'], '--steps must be a whole number above 0, got 0'],
    [['decoding', '--peer', 'python peer.py'], 'decoding is not compared: it takes no --peer'],
    [['memory', '--peer', 'python peer.py'], 'memory is not compared: it takes no --peer'],
    [['sft', '--svg', 'sft.svg'], 'only decoding and memory draw their figures: sft takes no --svg'],
    [['dpo_real'], 'dpo_real needs --lengths FILE'],
    [['dpo', '--lengths', 'lengths.json'], 'dpo takes no --lengths'],
    [['memory', '--lengths', 'lengths.json'], 'memory takes no --lengths'],
  ])('refuse %j and say what there is', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
  })

  it('refuse an option that does not exist', () => {
    expect(() => parseOptions(['sft', '--fast'])).toThrow(/'--fast'/)
  })
})
