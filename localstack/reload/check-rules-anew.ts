/**
 * Checks rules in a thread of its own, which reads the families anew: this process knows those of its start only, and a saved rule may be
 * for a family that was saved before it.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { checkRules, errorLine } from '../../lib/alerting/check-rules.ts'
import type { RuleFile } from '../../lib/alerting/rule-files.ts'

/** Returns a line for each error in the files. */
export async function checkRulesAnew(files: readonly RuleFile[]): Promise<readonly string[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: files })
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

if (!isMainThread && parentPort && Array.isArray(workerData))
  parentPort.postMessage(checkRules(workerData as readonly RuleFile[]).errors.map(errorLine))
