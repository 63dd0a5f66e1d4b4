import { createInterface } from 'node:readline'
import { endForeignGroup } from './groups.ts'

// Survives a `kill -9` of its parent for a moment: it reads from a pipe that only the parent holds. The line `+PID`
// guards a process group, `-PID` says that the group has ended. When the pipe closes, the watchdog ends the groups that
// are still guarded.

const guarded = new Set<number>()

createInterface({ input: process.stdin })
  .on('line', line => {
    const leader = Number(line.slice(1))
    if (line.startsWith('+')) guarded.add(leader)
    else guarded.delete(leader)
  })
  .on('close', () => void Promise.all([...guarded].map(leader => endForeignGroup(leader))))
