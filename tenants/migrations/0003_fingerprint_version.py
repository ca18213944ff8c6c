from django.db import migrations, models


class Migration(migrations.Migration):
    """What is stored was told apart by version 1; projects that come begin with the newest."""

    dependencies = [("tenants", "0002_audit_log")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="fingerprint_version",
            field=models.PositiveSmallIntegerField(
                default=1, help_text="The rules by which its failures are told apart."
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="fingerprint_version",
            field=models.PositiveSmallIntegerField(
                default=2, help_text="The rules by which its failures are told apart."
            ),
        ),
    ]
