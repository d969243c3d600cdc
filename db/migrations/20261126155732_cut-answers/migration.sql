ALTER TABLE "comparisons" ADD COLUMN "ended_a" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "comparisons" ADD COLUMN "ended_b" boolean DEFAULT true NOT NULL;