/** What Node writes before a place in the code, and how such a place ends. */
const FRAME = /^\s+at .+(:\d+:\d+\)?|\((native|<anonymous>)\))$/

/**
 * Where in the code an error was made, innermost first: its stack without its message, which others wrote, which may quote
 * data, and which may have lines that look like places.
 */
export function framesOf({ stack = '', message }: Error): string[] {
  const told = message === '' ? -1 : stack.indexOf(message)
  const places = told < 0 ? stack : stack.slice(told + message.length)
  return places
    .split('\n')
    .filter(line => FRAME.test(line))
    .map(line => line.trim())
}
