import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { UserError } from '../../programs/user-error.ts'
import type { Report } from '../report.ts'
import type { Server } from './definition.ts'
import { endForeignGroup, processFacts } from './groups.ts'

/** The file with the process id of the server that uses a data folder. */
export function pidFile(dir: string): string {
  return `${dir}.pid`
}

/** Identity of an orphan. */
type Owner = Pick<Server, 'name' | 'title' | 'dir'>

interface Note {
  readonly pid: number
  readonly startedBy: number
}

/**
 * Ends the server that an earlier run left behind on this data folder, if any. The recorded process id may belong to another
 * program by now, so the process must also name the data folder in its command line. It is an orphan if its parent is not the
 * process that started it. Otherwise that process is still running and owns the server.
 */
export async function endOrphan(server: Owner, report: Report): Promise<void> {
  const note = readNote(server)
  const facts = note && processFacts(note.pid)
  if (note && facts?.commandLine.includes(server.dir)) {
    if (facts.parent === note.startedBy) {
      throw new UserError(
        `${server.title} already runs on ${server.dir}: process ${note.pid}, started by process ${note.startedBy}. ` +
          'Stop it first (Ctrl-C in its terminal).',
      )
    }
    const beganAtMs = Date.now()
    const detail = `${server.title}, process ${note.pid}, left behind by an interrupted run`
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
    // Interrupted while it was written.
    return undefined
  }
}
