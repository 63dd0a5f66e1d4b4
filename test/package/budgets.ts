/** How large a function and a package for npm may be, and how long a function may take to load. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Bundle, type Files, unpacked } from './bundles.ts'

const KIB = 1024

/**
 * Limits of all of a function's code, and of the part that each start reads, in KiB. A change that needs more raises the number
 * here as a decision; one that needs much less lowers it.
 */
interface Sizes {
  readonly all: number
  readonly atStart: number
}

export const BUDGETS: Readonly<Record<string, Sizes>> = {
  clock: { all: 945, atStart: 304 },
  generator: { all: 1547, atStart: 230 },
  processor: { all: 1748, atStart: 391 },
  alerting: { all: 1904, atStart: 540 },
  activity: { all: 1740, atStart: 381 },
  grouping: { all: 1884, atStart: 521 },
  patterns: { all: 1891, atStart: 528 },
  notifier: { all: 1818, atStart: 459 },
  deliver: { all: 1821, atStart: 462 },
  'open-dead-letters': { all: 1743, atStart: 385 },
  'dlq-router': { all: 1807, atStart: 447 },
  views: { all: 1833, atStart: 482 },
  topics: { all: 518, atStart: 82 },
  redriver: { all: 1010, atStart: 325 },
  intake: { all: 1863, atStart: 666 },
  'input-redrives': { all: 1863, atStart: 666 },
}

/** Limits of a function without an entry, of which the largest is `storage`. */
const OTHERS: Sizes = { all: 1945, atStart: 539 }

/** Limits of the tarballs of the published packages, in KiB. */
const PACKAGES: Readonly<Record<string, number>> = {
  '@sluice/local-servers': 46,
  '@sluice/runtime': 305,
  'create-sluice': 9,
  'serverless-offline-msk-trigger': 140,
}

/** A function or package that needs less than this part of its budget has one that says nothing. */
const LEAST_PART = 0.75

export function assertSize(name: string, files: Files, { all, atStart }: Bundle): void {
  const sizes = { all: toKib(all, files), atStart: toKib(atStart, files) }
  const own = BUDGETS[name]
  for (const part of ['all', 'atStart'] as const) {
    assertFits(`${name}, ${part}`, sizes[part], (own ?? OTHERS)[part], { isOwn: own !== undefined })
  }
}

/** @param bytes size of the tarball */
export function assertPackageSize(name: string, bytes: number): void {
  assertFits(name, bytes / KIB, PACKAGES[name] ?? assert.fail(`${name} has no budget`))
}

function assertFits(what: string, size: number, most: number, { isOwn = true } = {}): void {
  assert.ok(size <= most, `${what}: ${size.toFixed(1)} KiB, and its budget is ${most}`)
  assert.ok(
    !isOwn || size >= most * LEAST_PART,
    `${what}: ${size.toFixed(1)} KiB: lower its budget of ${most}`,
  )
}

function toKib(paths: readonly string[], files: Files): number {
  return paths.reduce((sum, path) => sum + (files.get(path)?.length ?? 0), 0) / KIB
}

/** Maximum processor time for loading a function, as a multiple of Node's own start. Measured: 0.4 to 1.6. */
const MAX_STARTS = 4
/** Other work on the machine costs processor time, too: the best of these counts. */
const ATTEMPTS = 3

/** Processor time, so that it does not matter what else the machine does; relative to Node's own, so that the machine does not. */
export async function assertLoads(name: string, files: Files): Promise<void> {
  await unpacked(files, async place => {
    const seen: number[] = []
    while (seen.length < ATTEMPTS) {
      const { bareMs, loadMs } = await measureTimes(place(`functions/${name}/handler.js`))
      const starts = loadMs / bareMs
      if (starts <= MAX_STARTS) return
      seen.push(starts)
    }
    assert.fail(
      `${name} takes ${seen.map(starts => starts.toFixed(1)).join(', ')} times as long to load as Node to start`,
    )
  })
}

const LOAD = `
const ms = ({ user, system }) => (user + system) / 1000
const before = process.cpuUsage()
const { handler } = await import(process.argv[1])
if (typeof handler !== 'function') throw new Error('there is no handler')
console.log(JSON.stringify({ bareMs: ms(before), loadMs: ms(process.cpuUsage(before)) }))
process.exit()
`

async function measureTimes(file: string): Promise<{ readonly bareMs: number; readonly loadMs: number }> {
  const args = ['--input-type=module', '--eval', LOAD, file]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout)
}
