import { type Document, isCollection, isMap, isNode, isScalar, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'

const learnsFromRewards = ['ppo', 'grpo', 'rloo']

/**
 * In a stage that learns from rewards, `reward: NAME` is short for `rewards: [{ reward: NAME }]`: makes the one of the
 * other in a parsed text, whose places stay what they were.
 */
export function expandRewards(document: Document): void {
  const stages = isMap(document.contents) ? document.contents.get('stages') : undefined
  if (!isMap(stages)) return
  for (const { value: stage } of stages.items) {
    if (isMap(stage) && learnsFromRewards.includes(String(stage.get('type'))) && !stage.has('rewards')) expand(stage)
  }
}

function expand(stage: YAMLMap): void {
  const pair = stage.items.find(({ key }) => isScalar(key) && key.value === 'reward')
  if (!pair) return
  const { key, value } = pair
  if (!isNode(key) || !isNode(value) || isCollection(value)) return
  const source = at(new YAMLMap(), value)
  source.items.push(new Pair(key, value))
  const list = at(new YAMLSeq(), value)
  list.items.push(source)
  pair.key = at(new Scalar('rewards'), key)
  pair.value = list
}

/** A new node at the place of another. */
function at<T extends Node>(node: T, other: Node): T {
  node.range = other.range ?? null
  return node
}
