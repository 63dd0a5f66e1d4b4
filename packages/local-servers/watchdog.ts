import { createInterface } from 'node:readline'
import { endForeignGroup } from './process-groups.ts'

// The watchdog outlives its parent, even after `kill -9`, because it reads from a pipe that only the parent keeps open. The line
// `+PID` guards a process group, and `-PID` means that the group has ended. When the pipe closes, the watchdog ends all groups that
// are still guarded.

const guarded = new Set<number>()

createInterface({ input: process.stdin })
  .on('line', line => {
    const leader = Number(line.slice(1))
    if (line.startsWith('+')) guarded.add(leader)
    else guarded.delete(leader)
  })
  .on('close', () => void Promise.all([...guarded].map(leader => endForeignGroup(leader))))
