import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
// biome-ignore lint/correctness/useImportExtensions: this is the file that runs; .d.mts beside it holds its types
import { withLockFile } from '../../programs/lock-file.mjs'
import type { Report, ServiceName } from '../report.ts'

/** What the caller passes to an install. */
export interface InstallContext {
  readonly report: Report
  readonly signal: AbortSignal
  /** Folder for the logs of the install tools. */
  readonly logsDir: string
}

export interface Installation {
  readonly service: ServiceName
  /** What is installed, for the user: "Kafka 4.3.0 from Maven". */
  readonly title: string
  readonly dir: string
  /** A file in it that must exist, as must its link target. */
  readonly probe: string
  /** Identifies this installation: its version, or the hash of its lock file. */
  readonly wanted: string
  /** Fills an empty folder, which then replaces `dir`. */
  readonly fill: (dir: string) => Promise<void>
}

const MARKER = 'installed.txt'
const STILL_INSTALLING_MS = 10_000

/**
 * Installs what is missing. The folder is filled under another name and renamed only when it is complete, with a marker
 * in it. So an interrupted install is never mistaken for a complete one.
 */
export async function ensureInstalled(installation: Installation, context: InstallContext): Promise<void> {
  if (await upToDate(installation)) return
  const onWait = (holder: number) => {
    if (holder === process.pid) return
    context.report({
      service: installation.service,
      state: 'installing',
      detail: `${installation.title}: waiting for process ${holder}, which is installing it (${installation.dir}.lock)`,
      ms: 0,
    })
  }
  await withLockFile(
    `${installation.dir}.lock`,
    async () => {
      if (!(await upToDate(installation))) await install(installation, context)
    },
    { signal: context.signal, onWait },
  )
}

async function install({ service, title, dir, wanted, fill }: Installation, { report }: InstallContext) {
  const startedAtMs = Date.now()
  const elapsed = () => Date.now() - startedAtMs
  report({ service, state: 'installing', detail: title, ms: 0 })
  const progress = setInterval(
    () => report({ service, state: 'installing', detail: title, ms: elapsed() }),
    STILL_INSTALLING_MS,
  )
  const incomplete = `${dir}.incomplete`
  try {
    await rm(incomplete, { recursive: true, force: true })
    await mkdir(incomplete, { recursive: true })
    await fill(incomplete)
    await writeFile(join(incomplete, MARKER), wanted)
    await rm(dir, { recursive: true, force: true })
    await mkdir(dirname(dir), { recursive: true })
    await rename(incomplete, dir)
  } finally {
    clearInterval(progress)
    await rm(incomplete, { recursive: true, force: true })
  }
  report({ service, state: 'installed', detail: title, ms: elapsed() })
}

async function upToDate({ dir, probe, wanted }: Installation): Promise<boolean> {
  const marker = join(dir, MARKER)
  return existsSync(marker) && existsSync(join(dir, probe)) && (await readFile(marker, 'utf8')) === wanted
}
