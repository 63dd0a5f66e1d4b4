import { startProcess } from '#local-servers/managed-process'

// Starts a program that never ends, prints its process id, and stays until a test kills it.

const [logFile = ''] = process.argv.slice(2)
const { pid } = await startProcess(
  { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: process.env },
  logFile,
)
console.log(pid)
