/** Regular expressions from users, in mapping files and in conditions on records. */
import { RE2JS } from 're2js'

/** Regular expression that matches in time proportional to the length of the text. */
export type LinearPattern = Pick<RE2JS, 'exec' | 'test' | 'groupCount'>

/**
 * Compiles a regular expression in JavaScript syntax, without look-around and back-references, which RE2 cannot match in linear
 * time. A backtracking engine can take longer than the timeout of a function for a single text, and would block its partition.
 *
 * @throws UnfitPattern with the reason
 */
export function linearPattern(text: string): LinearPattern {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(text))
  } catch (error) {
    throw new UnfitPattern((error as Error).message.replace(/^error parsing regexp: /, ''))
  }
}

/** Error for a regular expression that RE2 does not accept. */
export class UnfitPattern extends Error {}
