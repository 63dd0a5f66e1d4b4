import { argument, command } from '../command.ts'
import { listLines } from '../table.ts'
import { addConsumer, CONSUMER_NAME, type WrittenFile } from './consumer-writer.ts'

export default command({
  about: `Add a new consumer of readings to this project: its process, its handler, its entry in serverless.yml, and a unit test
that passes.

The consumer counts the readings of each entity. Change the process to implement your logic, as described in
docs/consumers.md. Existing files are not overwritten.`,
  more: `
Example:
  sluice new consumer frost-watch`,
  args: {
    name: argument('lower-case words separated by "-", such as frost-watch', CONSUMER_NAME),
  },
  async run({ name }, terminal) {
    terminal.stdout.write(report(name, await addConsumer(name)))
  },
})

function report(name: string, written: readonly WrittenFile[]): string {
  const lines = listLines(
    written.map(({ file, what }) => [file, what]),
    '  ',
  )
  return `Wrote the consumer ${name}:
${lines.join('\n')}

Next:
  npm test -- --only unit ${name}   runs its test
  npm run configuration   lists it in the pages, which npm test compares with serverless.yml
  npm start   runs it with all others; one that already runs must be started again
  docs/consumers.md   says what a process can do, and what its entry can have
`
}
