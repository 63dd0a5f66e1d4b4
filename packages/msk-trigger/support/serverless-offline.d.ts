/** Types of the part of serverless-offline that the trigger uses. The package itself contains no types. */
declare module 'serverless-offline/lambda' {
  export interface LambdaFunction {
    setEvent(event: unknown): void
    runHandler(): Promise<unknown>
    cleanup(): Promise<void>
  }

  export default class Lambda {
    constructor(serverless: unknown, options: unknown)
    create(lambdas: readonly { functionKey: string; functionDefinition: unknown }[]): void
    get(functionKey: string): LambdaFunction
    start(): Promise<void>
    cleanup(): Promise<void>
  }
}
