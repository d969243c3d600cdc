import util from 'node:util'

/**
 * Imported before TensorFlow loads. tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed, and
 * TensorFlow prints its processor notes unless its own log level says otherwise.
 */
Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined })
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'
