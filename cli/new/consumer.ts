import { argument, command } from '../command.ts'
import { addConsumer, CONSUMER_NAME, type WrittenFile } from './consumer-writer.ts'

export default command({
  about: `Write a new consumer of readings into this project: its process, its handler, its entry in serverless.yml, and a
unit test that passes.

It counts the readings of each entity. Change the process to decide what you want; docs/consumers.md says how. Nothing that exists
is overwritten.`,
  more: `
Example:
  sluice new consumer frost-watch`,
  args: {
    name: argument('lower-case words with "-" between, as in frost-watch', CONSUMER_NAME),
  },
  async run({ name }, terminal) {
    terminal.stdout.write(report(name, await addConsumer(name)))
  },
})

function report(name: string, written: readonly WrittenFile[]): string {
  const width = Math.max(...written.map(({ file }) => file.length))
  const lines = written.map(({ file, what }) => `  ${file.padEnd(width)}  ${what}\n`)
  return `Wrote the consumer ${name}:
${lines.join('')}
Next:
  npm test -- --only unit ${name}   runs its test
  npm run configuration; npm run permissions   lists it in the pages, which npm test compares with serverless.yml
  npm start   runs it with all others; one that already runs must be started again
  docs/consumers.md   says what a process can do, and what its entry can have
`
}
