/** Loads TensorFlow; sessions: extend with a graph, run, trace. */
export * from './tf.ts'
