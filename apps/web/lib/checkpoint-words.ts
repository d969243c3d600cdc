import { archiveFolder, type Checkpoint } from '@temper/db/contracts'

/** What people call a checkpoint: its released name, else the stage that made it, else its id. */
export function checkpointTitle(
  checkpoint: Pick<Checkpoint, 'id' | 'releasedAs' | 'stage' | 'step' | 'final'>,
): string {
  if (checkpoint.releasedAs !== null) return checkpoint.releasedAs
  if (checkpoint.stage === null) return `imported ${checkpoint.id.slice(-6)}`
  return checkpoint.final ? checkpoint.stage : `${checkpoint.stage}, step ${checkpoint.step}`
}

/** What its archive holds: all but what only a resumed stage needs. */
export function archiveBytes(files: Checkpoint['files']): number {
  return files.filter((file) => !file.path.startsWith('resume/')).reduce((sum, file) => sum + file.sizeBytes, 0)
}

/** The lines that fetch and load it elsewhere. `origin` is where this web app answers. */
export function loadingCode(checkpoint: Checkpoint, origin: string): { fetch: string; load: string } {
  const folder = archiveFolder(checkpoint)
  const model = checkpoint.kind === 'reward' ? 'AutoModelForSequenceClassification' : 'AutoModelForCausalLM'
  return {
    fetch: `curl -H "Authorization: Bearer $TEMPER_KEY" \\\n  ${origin}/v1/checkpoints/${checkpoint.id}/archive.tar | tar -x`,
    load: [
      `from transformers import ${model}, AutoTokenizer`,
      `model = ${model}.from_pretrained("${folder}")`,
      `tokenizer = AutoTokenizer.from_pretrained("${folder}")`,
    ].join('\n'),
  }
}
