/** From the text of a recipe to stages in order, or to what is wrong and where. */
export * from './compile-reward-function.ts'
export * from './data-uses.ts'
export * from './parse-recipe.ts'
export * from './plan-recipe.ts'
export * from './unknown-targets.ts'
