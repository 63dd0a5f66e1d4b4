import { startProcess } from '../../../localstack/services/process.ts'

// Starts a program that would run for ever, prints its number and stays, until a test ends it with SIGKILL.

const [logFile = ''] = process.argv.slice(2)
const { pid } = await startProcess(
  { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: process.env },
  logFile,
)
console.log(pid)
