/** Loaded in the process of a test file. When the process ends, it writes its processor time and that of its children, in milliseconds. */
import { readFileSync, writeFileSync } from 'node:fs'

const MS_OF_TICK = 10
const { PROCESSOR_TIME_FILE: file } = process.env
// Threads and forks of a test file load this module, too, and must not write in its place.
delete process.env.PROCESSOR_TIME_FILE

process.once('exit', () => {
  // Other systems do not list the time of children.
  if (file === undefined || process.platform !== 'linux') return
  // Fields 14 to 17, in clock ticks (proc_pid_stat(5)); the name of the program, field 2, may contain spaces.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  writeFileSync(
    file,
    String(fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * MS_OF_TICK, 0)),
  )
})
