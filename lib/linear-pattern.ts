/** Regular expressions from users: files of mappings, conditions on records. */
import { RE2JS } from 're2js'

/** A regular expression whose matching takes time in proportion to the text. */
export type LinearPattern = Pick<RE2JS, 'exec' | 'test' | 'groupCount'>

/**
 * Compiles a regular expression in the syntax of JavaScript, without look-around and back-references, which RE2 cannot match in linear time.
 * A backtracking engine can need longer than a function's time for one text, and would stall its partition.
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

/** A text that RE2 does not accept. */
export class UnfitPattern extends Error {}
