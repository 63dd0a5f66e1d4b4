/** Measures with V8 which test files run which code: a test that never runs a mutant's code cannot notice the mutant. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface Report {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly Range[] }[]
  }[]
}

/** The code that one run has executed, by file and process. */
export class Coverage {
  readonly #ranges: ReadonlyMap<string, readonly (readonly Range[])[]>

  constructor(reports: readonly Report[], project: string) {
    const root = `${pathToFileURL(project)}/`
    const ranges = new Map<string, (readonly Range[])[]>()
    for (const { url, functions } of reports.flatMap(({ result }) => result)) {
      if (!url.startsWith(root)) continue
      const file = decodeURIComponent(url.slice(root.length))
      ranges.set(file, [...(ranges.get(file) ?? []), functions.flatMap(one => one.ranges)])
    }
    this.#ranges = ranges
  }

  /** Whether any process has executed the code at this offset. The smallest range around it counts. */
  has(file: string, offset: number): boolean {
    return (this.#ranges.get(file) ?? []).some(ranges => {
      const around = ranges.filter(
        ({ startOffset, endOffset }) => startOffset <= offset && offset < endOffset,
      )
      const [smallest] = around.sort((a, b) => a.endOffset - a.startOffset - (b.endOffset - b.startOffset))
      return (smallest?.count ?? 0) > 0
    })
  }
}

/** Runs `work` with `NODE_V8_COVERAGE` set, and returns the coverage that Node has written. */
export async function withCoverage<T>(
  project: string,
  work: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<{ readonly done: T; readonly coverage: Coverage }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-coverage-'))
  try {
    const done = await work({ NODE_V8_COVERAGE: folder })
    const reports: Report[] = []
    for (const name of await readdir(folder))
      reports.push(JSON.parse(await readFile(join(folder, name), 'utf8')))
    return { done, coverage: new Coverage(reports, project) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
