/** Regular expressions that users write in mapping files and in conditions on records. */
import { RE2JS } from 're2js'

/** Regular expression whose matching time is proportional to the length of the text. */
export type LinearPattern = Pick<RE2JS, 'exec' | 'test' | 'groupCount'>

/**
 * Compiles a regular expression in JavaScript syntax. Look-around and back-references are not supported, because RE2 cannot match
 * them in linear time. With a backtracking engine, a single text could exceed the timeout of a function and block its partition.
 *
 * @throws SyntaxError if the expression is not supported
 */
export function linearPattern(text: string): LinearPattern {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(text))
  } catch (error) {
    throw new SyntaxError((error as Error).message.replace(/^error parsing regexp: /, ''))
  }
}
