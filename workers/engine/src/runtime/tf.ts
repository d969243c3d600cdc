import './node-compatibility.ts'

/** The one place that loads tfjs with its native backend; everything else imports `tf` from here. */
export * as tf from '@tensorflow/tfjs-node-gpu'
