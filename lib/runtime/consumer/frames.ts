/** A line of a stack trace as Node writes it: how it begins, and how its place in the code ends. */
const FRAME = /^\s+at .+(:\d+:\d+\)?|\((native|<anonymous>)\))$/

/**
 * Where in the code an error was created, innermost first: its stack without its message. The message may quote data, and may
 * contain lines that look like places in the code.
 */
export function framesOf({ stack = '', message }: Error): string[] {
  const told = message === '' ? -1 : stack.indexOf(message)
  const places = told < 0 ? stack : stack.slice(told + message.length)
  return places
    .split('\n')
    .filter(line => FRAME.test(line))
    .map(line => line.trim())
}
