import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { UserError } from '../../programs/user-error.ts'
import type { Report } from '../report.ts'
import type { Server } from './definition.ts'
import { endForeignGroup, processFacts } from './groups.ts'

/** Returns the file with the process id of the server that uses a data folder. */
export function pidFile(dir: string): string {
  return `${dir}.pid`
}

/** Properties that identify an orphaned server. */
type Owner = Pick<Server, 'name' | 'title' | 'dir'>

interface Note {
  readonly pid: number
  readonly startedBy: number
}

/**
 * Ends a server that an earlier run has left running on this data folder. The operating system may have reused the recorded process
 * id, so the command line of the process must contain the data folder. The process is an orphan if its parent is not the process
 * that started it. Otherwise, that process is still running and owns the server.
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
    // The file is incomplete, because writing it was interrupted.
    return undefined
  }
}
