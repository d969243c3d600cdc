import type { Checkpoint } from '@temper/db/contracts'

/** What people call a checkpoint: its released name, else the stage that made it, else its id. */
export function checkpointTitle(
  checkpoint: Pick<Checkpoint, 'id' | 'releasedAs' | 'stage' | 'step' | 'final'>,
): string {
  if (checkpoint.releasedAs !== null) return checkpoint.releasedAs
  if (checkpoint.stage === null) return `imported ${checkpoint.id.slice(-6)}`
  return checkpoint.final ? checkpoint.stage : `${checkpoint.stage}, step ${checkpoint.step}`
}

/** The lines that load it elsewhere. `origin` is where this web app answers. */
export function loadingCode(checkpoint: Checkpoint, origin: string): { fetch: string; load: string } {
  const folder = checkpointTitle(checkpoint).replace(/[^a-z0-9-]+/gi, '-')
  const model = checkpoint.kind === 'reward' ? 'AutoModelForSequenceClassification' : 'AutoModelForCausalLM'
  return {
    fetch: [
      `mkdir -p ${folder}`,
      `curl -H "Authorization: Bearer $TEMPER_KEY" ${origin}/v1/checkpoints/${checkpoint.id}/archive.tar | tar -x -C ${folder}`,
    ].join('\n'),
    load: [
      `from transformers import ${model}, AutoTokenizer`,
      `model = ${model}.from_pretrained("${folder}")`,
      `tokenizer = AutoTokenizer.from_pretrained("${folder}")`,
    ].join('\n'),
  }
}
