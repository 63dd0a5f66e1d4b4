/** Changes of a table that readers see: rows, and the ends of rows that were published. Pure. */

import { getLastMs, type StoredWindow } from '../windows/windows.ts'
import type { CompiledTable } from './compiled-table.ts'
import { createEndedRow, rowOfWindow, type TableRow } from './group-rows.ts'
import type { GroupState, GroupStep } from './group-step.ts'
import type { Scalar } from './plan.ts'

export interface PublishedChange {
  readonly row: TableRow
  readonly window: StoredWindow
  /** True if the row has ended: it does not meet `HAVING` any more, or its session has other bounds. */
  readonly isEnd?: true
}

export interface Publication {
  readonly changes: readonly PublishedChange[]
  /** State of the group, with the rows that stand after the changes. */
  readonly state: GroupState | undefined
}

/**
 * Returns the changes that a step publishes. A published row ends before another one replaces it under other bounds. A final window
 * without a row also ends the row of the window before it, for readers that follow the group from window to window.
 *
 * @param before state of the group before the step
 */
export function computePublication(
  table: CompiledTable,
  group: readonly Scalar[],
  before: GroupState | undefined,
  { changes, state }: GroupStep,
): Publication {
  const { having, window: plan } = table.plan
  const published: PublishedChange[] = []
  let standing = before?.s ?? []
  let finalStart = before?.f
  for (const { window, isFinal } of changes) {
    const row = rowOfWindow(table, group, window, isFinal)
    const [start, lastMs] = [window[0], getLastMs(window)]
    const isSame = ([first, last]: readonly [number, number]) => first === start && last === lastMs
    const own = standing.filter(([first]) => start <= first && first <= lastMs)
    const ends = own.filter(published => !row || !isSame(published))
    const isNewest = isFinal && finalStart !== undefined && finalStart <= lastMs
    if (!row && isNewest && !ends.some(isSame)) ends.push([start, lastMs])
    for (const end of ends) {
      const ended: StoredWindow = isSame(end) ? window : [end[0], [], end[1]]
      published.push({
        row: createEndedRow(table, group, ended, isSame(end) && isFinal),
        window: ended,
        isEnd: true,
      })
    }
    if (row) published.push({ row, window })
    standing = standing.filter(name => !own.includes(name))
    if (row && (having || plan?.kind === 'session')) standing = [...standing, [start, lastMs]]
    if (row && having && isFinal) finalStart = Math.max(finalStart ?? start, start)
    else if (isNewest) finalStart = undefined
  }
  if (!state) return { changes: published, state }
  const [oldest] = state.w
  const remainingRows = standing.filter(([first]) => oldest && first >= oldest[0])
  return {
    changes: published,
    state: {
      ...state,
      ...(remainingRows.length > 0 && { s: remainingRows }),
      ...(finalStart !== undefined && { f: finalStart }),
    },
  }
}
