/** Loaded in the process of a test file. When the process ends, it writes the processor time that the file has taken, in milliseconds. */
import { readFileSync, writeFileSync } from 'node:fs'

const MS_OF_TICK = 10
const { PROCESSOR_TIME_FILE: file } = process.env
// Threads and forks of a test file load this module, too, and must not write in its place.
delete process.env.PROCESSOR_TIME_FILE

process.once('exit', () => {
  if (file === undefined) return
  const { user, system } = process.cpuUsage()
  writeFileSync(file, String((user + system) / 1_000 + readChildrenMs()))
})

/** Returns the processor time of child processes that have ended, with their own; 0 where the system does not list it. */
function readChildrenMs(): number {
  if (process.platform !== 'linux') return 0
  // Fields 16 and 17, in clock ticks (proc_pid_stat(5)); the name of the program, field 2, may contain spaces.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[13]) + Number(fields[14])) * MS_OF_TICK
}
