import { parentPort, workerData } from 'node:worker_threads'
import { Redis } from 'ioredis'

// Somebody else on the same server, on a thread of its own: it sends a PING as soon as the last one is answered, and says
// how long the slowest answer took between the two messages that it gets.

const redis = new Redis(workerData)
let slowestMs = 0
let isOver = false

parentPort?.on('message', what => {
  if (what === 'from now on') slowestMs = 0
  // With the answer that is under way.
  else isOver = true
})
await redis.ping()
parentPort?.postMessage('ready')
for (;;) {
  const beganAtMs = performance.now()
  await redis.ping()
  slowestMs = Math.max(slowestMs, performance.now() - beganAtMs)
  if (isOver) parentPort?.postMessage(slowestMs)
  isOver = false
}
