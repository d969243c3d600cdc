/** What people do where work ends whoever takes it, as a sentence behind what happened. */
export const nextStepAfterLoss =
  "Look at the end of the pipeline's log and at the machine's memory, then start the run or the import again"
