-- Fine-tuned tables are judged beside the controls of `lr`, and what tables mix names families: both anew.
DELETE FROM kept_verdicts;
