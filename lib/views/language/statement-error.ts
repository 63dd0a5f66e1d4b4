import { errorLine, type LocatedError } from '../../file-errors.ts'
import { similarNames } from '../../similar.ts'
import type { Position } from './syntax.ts'

/** Error of a statement, with its position and, if there is one, the nearest valid form. */
export class StatementError extends Error {
  override readonly name = 'StatementError'
  readonly problem: string
  readonly nearest: string | undefined
  readonly file: string
  readonly line: number
  readonly column: number

  constructor(problem: string, at: Position, nearest?: string, file = 'statement') {
    super(errorLine(locatedError(problem, at, nearest, file)))
    this.problem = problem
    this.nearest = nearest
    this.file = file
    this.line = at.line
    this.column = at.column
  }

  /** The error with its position apart from its message. */
  get located(): LocatedError {
    return locatedError(this.problem, this, this.nearest, this.file)
  }

  /** Returns the error with the name of the file in which the statement is. */
  inFile(file: string): StatementError {
    return new StatementError(this.problem, this, this.nearest, file)
  }
}

function locatedError(
  problem: string,
  { line, column }: Position,
  nearest: string | undefined,
  file: string,
): LocatedError {
  const form = nearest === undefined ? '' : `; the nearest valid form is: ${nearest}`
  return { file, line, column, message: `${problem}${form}` }
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
