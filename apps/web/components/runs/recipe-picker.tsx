import type { ShippedRecipe } from '@temper/db/contracts'
import { classNames } from '#lib/class-names.ts'

interface RecipePickerProps {
  recipes: ShippedRecipe[]
  text: string
  onChoose: (text: string) => void
}

/** The recipes that ship with Temper. Choosing one replaces the text, after a question where that would lose work. */
export function RecipePicker({ recipes, text, onChoose }: RecipePickerProps) {
  const isUntouched = text.trim() === '' || recipes.some((recipe) => recipe.text === text)
  const choose = (recipe: ShippedRecipe) => {
    if (isUntouched || window.confirm('Replace the recipe? Your changes are lost.')) onChoose(recipe.text)
  }
  return (
    <fieldset>
      <legend className="mb-2 font-semibold text-lg leading-8">Start from</legend>
      <div className="space-y-2">
        {recipes.map((recipe) => (
          <button
            key={recipe.name}
            type="button"
            aria-pressed={recipe.text === text}
            onClick={() => choose(recipe)}
            className={classNames(
              'block w-full rounded-md border bg-surface p-3 text-left',
              recipe.text === text ? 'border-accent' : 'border-line hover:border-line-strong',
            )}
          >
            <span className="block font-medium">{recipe.name}</span>
            <span className="line-clamp-4 text-muted text-sm">{recipe.description}</span>
          </button>
        ))}
      </div>
    </fieldset>
  )
}
