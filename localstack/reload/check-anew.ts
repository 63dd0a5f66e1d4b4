/**
 * Checks saved files in a thread of its own, which reads families and inputs anew: this process knows those of its start only, and a saved
 * rule or mapping may be for a family that was saved before it.
 */
import { resolve } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { readSettings } from '#runtime/settings/index.ts'
import { findInputProblems } from '../../infra/checks/config-files.ts'
import { checkRules, errorLine } from '../../lib/alerting/check-rules.ts'
import type { RuleFile } from '../../lib/alerting/rule-files.ts'
import { INPUTS } from '../../lib/app/settings/index.ts'

const THE_INPUTS = 'inputs'

/** Returns a line for each error in the rules. */
export function checkRulesAnew(files: readonly RuleFile[]): Promise<readonly string[]> {
  return checkInThread(files)
}

/** Returns a line for each error in the inputs of `npm start` and their mappings. */
export function checkInputsAnew(): Promise<readonly string[]> {
  return checkInThread(THE_INPUTS)
}

function checkInThread(checked: readonly RuleFile[] | typeof THE_INPUTS): Promise<readonly string[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: checked })
  return new Promise((found, reject) => {
    worker.once('message', found)
    worker.once('error', reject)
  })
}

async function findErrors(checked: unknown): Promise<readonly string[] | undefined> {
  if (Array.isArray(checked)) return checkRules(checked as readonly RuleFile[]).errors.map(errorLine)
  if (checked !== THE_INPUTS) return undefined
  const { inputsFile, mappingsDir } = readSettings([INPUTS])
  return findInputProblems('local', resolve(inputsFile), inputsFile, [resolve(mappingsDir), mappingsDir])
}

// The Serverless Framework loads this module with require(), which takes no await outside of functions.
if (!isMainThread)
  void findErrors(workerData).then(errors => {
    if (errors) parentPort?.postMessage(errors)
  })
