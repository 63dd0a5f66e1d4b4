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
import { familiesError } from '../../lib/telemetry/adapters/loaded-families.ts'

/** Files to check. */
interface Checked {
  readonly rules?: readonly RuleFile[]
  /** True for the inputs of `npm start` and their mappings. */
  readonly inputs?: true
}

/** Returns a line for each error in these files, or for those in the families, without which nothing else can be checked. */
export function checkAnew(files: Checked): Promise<readonly string[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { isCheck: true, ...files } })
  return new Promise((found, reject) => {
    worker.once('message', found)
    worker.once('error', reject)
  })
}

async function findErrors({ rules, inputs }: Checked): Promise<readonly string[]> {
  if (familiesError) return familiesError.message.split('\n')
  const { inputsFile, mappingsDir } = readSettings([INPUTS])
  return [
    ...(rules ? checkRules(rules).errors.map(errorLine) : []),
    ...(inputs
      ? await findInputProblems('local', resolve(inputsFile), inputsFile, [resolve(mappingsDir), mappingsDir])
      : []),
  ]
}

// The Serverless Framework loads this module with require(), which takes no await outside of functions.
if (!isMainThread && workerData?.isCheck)
  void findErrors(workerData).then(errors => parentPort?.postMessage(errors))
