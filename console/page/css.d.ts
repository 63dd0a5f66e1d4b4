/** The build makes one style sheet of all that are imported. */
declare module '*.css'
