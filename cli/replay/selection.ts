/** Selects the part of a recording to publish, and surveys it beforehand. */
import type { Recorded } from './recorded.ts'
import type { Extent } from './shift.ts'

/** The first line, and the maximum number of items. */
export interface Selection {
  readonly fromLine: number
  /** `Infinity` is all. */
  readonly limit: number
}

type Groups = AsyncIterable<readonly Recorded[]>

export async function* selected(
  groups: Groups,
  { fromLine, limit }: Selection,
): AsyncGenerator<readonly Recorded[]> {
  let left = limit
  for await (const group of groups) {
    const part = group.filter(({ line }) => line >= fromLine).slice(0, left)
    left -= part.length
    if (part.length > 0) yield part
    if (left <= 0) return
  }
}

/** What is known of a recording before any of it is published. */
export interface Survey {
  /** Undefined if no event that is selected has a time. */
  readonly extent: Extent | undefined
  /** How many things are selected. */
  readonly count: number
}

/** Reads the whole selection once, so that errors show before anything is published. */
export async function survey(groups: Groups, selection: Selection): Promise<Survey> {
  const all = new Times()
  const some = new Times()
  let count = 0
  for await (const group of groups) {
    all.include(group)
    const part = group.filter(({ line }) => line >= selection.fromLine).slice(0, selection.limit - count)
    some.include(part)
    count += part.length
  }
  return { extent: extentOf(all, some), count }
}

/** Surveys only the beginning of a recording and of its selection, as far as that is known from a pipe. */
export function outlook(beginning: readonly Recorded[], selected: readonly Recorded[]): Extent | undefined {
  const extent = extentOf(new Times(beginning), new Times(selected))
  return extent && { ...extent, latestMs: undefined }
}

/** The first and the latest time of events; those without one do not count. */
class Times {
  firstMs: number | undefined
  latestMs = Number.NEGATIVE_INFINITY

  constructor(group: readonly Recorded[] = []) {
    this.include(group)
  }

  include(group: readonly Recorded[]): void {
    for (const { eventMs } of group) {
      if (eventMs === undefined) continue
      this.firstMs ??= eventMs
      this.latestMs = Math.max(this.latestMs, eventMs)
    }
  }
}

function extentOf(all: Times, some: Times): Extent | undefined {
  if (all.firstMs === undefined || some.firstMs === undefined) return undefined
  return { startMs: all.firstMs, firstMs: some.firstMs, latestMs: some.latestMs }
}
