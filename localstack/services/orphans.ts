import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { LocalCloudError } from '../failure.ts'
import type { Report } from '../report.ts'
import type { Server } from './definition.ts'
import { endForeignGroup, processFacts } from './groups.ts'

/** Where the number of the process that works on a data folder is noted. */
export function pidFile(dir: string): string {
  return `${dir}.pid`
}

/** What an orphan is known by. */
type Owner = Pick<Server, 'name' | 'title' | 'dir'>

interface Note {
  readonly pid: number
  readonly startedBy: number
}

/**
 * Ends the server that an earlier run left behind on this data, if there is one.
 *
 * The number noted may belong to another program by now, so the process counts as ours only while its command line
 * names the data folder. It is an orphan when the one that started it is no longer its parent; otherwise that one
 * still runs, and this is its business.
 */
export async function endOrphan(server: Owner, report: Report): Promise<void> {
  const note = readNote(server)
  const facts = note && processFacts(note.pid)
  if (note && facts?.commandLine.includes(server.dir)) {
    if (facts.parent === note.startedBy) {
      throw new LocalCloudError(
        `${server.title} already runs on ${server.dir}: process ${note.pid}, started by process ${note.startedBy}. ` +
          'Stop that one first (Ctrl-C where it runs).',
      )
    }
    const beganAtMs = Date.now()
    const detail = `${server.title}, process ${note.pid}, left behind by a run that was cut off`
    report({ service: server.name, state: 'stopping', detail, ms: 0 })
    await endForeignGroup(note.pid)
    report({ service: server.name, state: 'stopped', detail, ms: Date.now() - beganAtMs })
  }
  await rm(pidFile(server.dir), { force: true })
}

function readNote(server: Owner): Note | undefined {
  const file = pidFile(server.dir)
  if (!existsSync(file)) return undefined
  try {
    const note = JSON.parse(readFileSync(file, 'utf8'))
    return Number.isInteger(note?.pid) && note.pid > 1 ? note : undefined
  } catch {
    // Cut off while it was written.
    return undefined
  }
}
