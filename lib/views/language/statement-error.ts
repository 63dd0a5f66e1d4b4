import { errorLine, FileError, type LocatedError } from '../../support/file-errors.ts'
import { similarNames } from '../../support/suggestion.ts'
import type { Position } from './syntax.ts'

/** Error of a statement, with its position and, if there is one, the nearest valid form. */
export class StatementError extends FileError {
  override readonly name = 'StatementError'
  /** The error with its position apart from its message. */
  readonly located: LocatedError
  readonly problem: string
  readonly nearest: string | undefined
  readonly file: string
  readonly line: number
  readonly column: number

  constructor(problem: string, at: Position, nearest?: string, file = 'statement') {
    const form = nearest === undefined ? '' : `; the nearest valid form is: ${nearest}`
    const located = { file, line: at.line, column: at.column, message: `${problem}${form}` }
    super(errorLine(located))
    this.located = located
    this.problem = problem
    this.nearest = nearest
    this.file = file
    this.line = at.line
    this.column = at.column
  }

  /** Returns the first error, with the messages of all. @param errors at least one */
  static join(errors: readonly StatementError[]): StatementError {
    const [first] = errors as readonly [StatementError, ...StatementError[]]
    const joined = new StatementError(first.problem, first, first.nearest, first.file)
    joined.message = errors.map(({ message }) => message).join('\n')
    return joined
  }

  /** Returns the error with the name of the file in which the statement is. */
  inFile(file: string): StatementError {
    return new StatementError(this.problem, this, this.nearest, file)
  }
}

/**
 * Runs a step of the compiler for a statement.
 *
 * @throws StatementError also for a fault of the compiler, so that every error has a position
 */
export function compileStep<Result>(at: Position, step: () => Result): Result {
  try {
    return step()
  } catch (error) {
    if (error instanceof StatementError) throw error
    const problem = `the statement cannot be compiled, because of a fault of Sluice: ${(error as Error).message}`
    throw Object.assign(new StatementError(problem, at), { cause: error })
  }
}

/** Returns the error for an unknown name. It has the most similar name or, without one, all names. */
export function unknownName(
  kind: string,
  name: string,
  known: readonly string[],
  at: Position,
): StatementError {
  const [nearest] = similarNames(name, known)
  const all = nearest === undefined && known.length > 0 ? `; known: ${known.join(', ')}` : ''
  return new StatementError(`unknown ${kind} ${name}${all}`, at, nearest)
}
