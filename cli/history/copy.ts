/** Options and texts that `sluice history export` and `sluice history import` have in common. */

import { HistoryUnavailable } from '../../lib/history/store.ts'
import { HISTORY_TABLES } from '../../lib/history/tables.ts'
import type { CopyPlan, CopyReport } from '../../lib/operations/history/copy.ts'
import { defined } from '../../packages/runtime/consumer/defined.ts'
import { oneOf } from '../../packages/runtime/settings/values.ts'
import {
  argument,
  environment,
  flag,
  JSON_OPTION,
  option,
  optionList,
  SOME_TEXT,
  type ValuesOf,
} from '../command.ts'
import { CliFailure } from '../failure.ts'
import { showProgress } from '../progress.ts'
import { printReport, type Terminal } from '../terminal.ts'
import { DAY_OR_TIME, DAY_TEXT } from './period.ts'

export const ARGUMENTS = {
  place: argument('folder, or s3://bucket/prefix', SOME_TEXT),
}

export const OPTIONS = {
  table: optionList(
    '<table>',
    `only this table: ${HISTORY_TABLES.join(', ')}; can be repeated`,
    oneOf(HISTORY_TABLES),
  ),
  since: option('<time>', `only objects with records since: ${DAY_TEXT}`, DAY_OR_TIME),
  until: option('<time>', 'only objects with records before', DAY_OR_TIME),
  force: flag('replace objects that have other contents, and skip the checks of an import'),
  json: JSON_OPTION,
  env: environment('of the history'),
}

type CopyOptions = ValuesOf<typeof OPTIONS>

/** Runs a copy with progress, and prints its report. @throws CliFailure if some objects were not copied */
export async function copied(
  { table, since: sinceMs, until: untilMs, force, json }: CopyOptions,
  env: string,
  terminal: Terminal,
  copy: (plan: CopyPlan, onProgress: (done: number, total: number) => void) => Promise<CopyReport>,
): Promise<void> {
  const { onProgress, hide } = showProgress(terminal, 'objects')
  const plan = {
    env,
    tables: table.length > 0 ? table : HISTORY_TABLES,
    force,
    ...defined({ sinceMs, untilMs }),
  }
  try {
    const report = await copy(plan, onProgress)
    hide()
    printReport(terminal, report, json, copyText)
    if (report.problems.length > 0) throw new CliFailure('Some objects were not copied: see above.')
  } catch (error) {
    hide()
    if (!(error instanceof HistoryUnavailable)) throw error
    throw new CliFailure(`${error.message}. Repeat the command: it continues.`, 1, { cause: error })
  }
}

function copyText({ from, to, copied, skipped, rows, problems }: CopyReport): string {
  const counts = `${copied} objects copied, ${skipped} already there, ${rows} rows: ${from} → ${to}`
  return `${[...problems, counts].join('\n')}\n`
}
