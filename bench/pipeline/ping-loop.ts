import { parentPort, workerData } from 'node:worker_threads'
import { Redis } from 'ioredis'

// Another client of the same server, on its own thread: sends a PING as soon as the last one is answered, and reports the
// slowest answer between the two messages that it receives.

const redis = new Redis(workerData)
let slowestMs = 0
let isOver = false

parentPort?.on('message', what => {
  if (what === 'from now on') slowestMs = 0
  // Includes the answer that is still outstanding.
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
